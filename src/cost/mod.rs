//! Dollars and watts of a deployment, from rent or from ownership: of one chip (`price`), and of the whole with what comes
//! to a token (`costs`).

mod costs;
mod price;

pub use costs::{Costs, costs};
pub use price::{Unpriced, chip_power, chip_price};
