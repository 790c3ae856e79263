//! Dollars and watts of a deployment: of one chip on the chosen way to pay (`price`), an estimate where nobody publishes a
//! price there (`estimate`), and of the whole with what comes to a token (`costs`).

mod costs;
mod estimate;
mod price;

pub use costs::{Costs, PriceSpread, costs};
pub use price::{ChipHour, PriceOrigin, Unpriced, chip_hour, chip_power, chip_price};
