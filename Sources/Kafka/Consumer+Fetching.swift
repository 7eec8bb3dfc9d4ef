import CKafkaShim
import Synchronization

extension Consumer {
    /// Has librdkafka fetch at once what was resumed.
    ///
    /// Where nothing is fetched, a fetcher sleeps for up to a second, and a resumption does not wake
    /// it (in 2.0.2 as in 2.16): after a rebalance nothing is fetched before the first ledger is read.
    /// Any request to its broker wakes it; this one is answered without touching the partition. Should
    /// it fail, the fetcher wakes by itself. One thread at a time asks, for all that is resumed
    /// meanwhile.
    func wakeFetchers() {
        guard state.withLock({ $0.link != nil && $0.partitions.beginWaking() }) else { return }
        Blocking.start { [self] in
            while let (handle, partitions) = nextToFetch() {
                try? handle.awaitMainThread()
                _ = try? handle.offsets(of: partitions, at: Position.end, .seconds(1))
            }
        }
    }

    private func nextToFetch() -> (Handle, [TopicPartition])? {
        state.withLock { state in
            guard let link = state.link, let partitions = state.partitions.takeUnfetched()
            else { return nil }
            return (link.handle, partitions)
        }
    }
}
