//! Dollars of a deployment: of one chip on the chosen way to pay (`price`), an estimate where nobody publishes a price
//! there (`estimate`), and of the whole with what comes to a token (`costs`). Watts and joules, drawn and provisioned
//! (`energy`).

mod costs;
mod energy;
mod estimate;
mod price;
mod spread;
mod unpriced;

pub use costs::{Costs, costs};
pub use energy::{Energy, PoolPower, chip_power, energy};
pub use price::{ChipHour, PriceOrigin, chip_hour, chip_price};
pub use spread::Spread;
pub use unpriced::Unpriced;
