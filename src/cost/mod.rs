//! Dollars of a deployment, from rent or from ownership: of one chip (`price`), and of the whole with what comes to a token
//! (`costs`). Watts and joules, drawn and provisioned (`energy`).

mod costs;
mod energy;
mod price;
mod unpriced;

pub use costs::{Costs, costs};
pub use energy::{Energy, PoolPower, Spread, chip_power, energy};
pub use price::chip_price;
pub use unpriced::Unpriced;
