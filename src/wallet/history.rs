//! Receipts.
use super::error::Error;
use super::ports::Platform;
use super::state::ReceiptView;
use super::Wallet;
impl<P: Platform> Wallet<P> {
    pub(super) fn kept_receipts(&self, before: Option<u64>, limit: usize) -> Vec<ReceiptView> {
        let kept = |data: &super::record::Data| {
            let wanted = |receipt: &&ReceiptView| before.is_none_or(|before| receipt.sequence < before);
            data.receipts.iter().rev().filter(wanted).take(limit).cloned().collect()
        };
        self.read(kept).unwrap_or_default()
    }

    pub(super) async fn drop_alert(&self, alert: &str) -> Result<(), Error> {
        self.change(|data| {
            data.alerts.retain(|kept| kept.id != alert);
            Ok(())
        })
        .await
    }
}
