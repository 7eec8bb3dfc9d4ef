internal import DequeModule

/// What has been read of a partition and which part of it is finished.
///
/// Offsets finish in any order; what may be committed is the first one that is not finished.
/// Offsets may have gaps (compaction, transaction markers). Memory is one entry for every record
/// between the watermark and the newest record read, which the engine bounds by pausing.
struct OffsetProgress {
    private struct Entry {
        var offset: Int64
        var isDone: Bool
    }

    private var entries: Deque<Entry> = []
    /// The offset to commit: every record before it is finished.
    private(set) var watermark: Int64

    /// Starts at the offset from which the partition is read.
    init(start: Int64) {
        watermark = start
    }

    /// How many records lie between the watermark and the newest one.
    var span: Int { entries.count }

    /// Whether a record was read since the partition was assigned, or finished before.
    func isRead(_ offset: Int64) -> Bool { offset <= entries.last?.offset ?? watermark - 1 }

    /// Notes a record that was read; false if it was read before and must be ignored.
    mutating func begin(_ offset: Int64) -> Bool {
        if isRead(offset) { return false }
        entries.append(Entry(offset: offset, isDone: false))
        return true
    }

    /// Marks a record as finished and moves the watermark over all that is finished behind it.
    mutating func finish(_ offset: Int64) {
        guard let index = index(of: offset) else { return }
        entries[index].isDone = true
        while let first = entries.first, first.isDone {
            watermark = first.offset + 1
            entries.removeFirst()
        }
    }

    private func index(of offset: Int64) -> Int? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].offset < offset { low = middle + 1 } else { high = middle }
        }
        guard low < entries.count, entries[low].offset == offset else { return nil }
        return low
    }
}
