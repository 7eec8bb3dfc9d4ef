import Contract
import Engine
import Kafka

/// One partition of a ledger while it is read: where it stands, and what is open so far.
final class LedgerReading {
    private let span: LedgerSpan
    private let group: UInt64
    /// The offsets to be read, once the log was asked.
    private var range: Range<Int64>?
    /// The next offset to be read.
    private(set) var next: Int64 = 0
    /// Whose claim is the latest; what others write after it is late.
    private var owner: UInt64?
    /// The latest claim that was read.
    private var claim: LedgerRecord.Claim?
    /// What is to be parsed at the end, unless a later record closes it.
    private var kept: [Contract.ReferenceKey: [Kept]] = [:]

    /// The offset that the next command of the partition will get.
    var commandsEnd: Int64?

    /// The value of a record whose reference is open.
    private struct Kept {
        let index: LedgerIndex
        let offset: Int64
        let value: [UInt8]
        let isLate: Bool
    }

    init(_ span: LedgerSpan, group: UInt64) {
        self.span = span
        self.group = group
        owner = span.owner
    }

    var partition: Int32 { span.partition }

    var isDone: Bool { range.map { next >= $0.upperBound } ?? false }

    var progress: LedgerProgress {
        let (start, end) = range.map { ($0.lowerBound, $0.upperBound) } ?? (next, next)
        return LedgerProgress(partition: partition, read: next - start, total: end - start)
    }

    /// Fits the span to the log as it is now; again, when reading goes on after a fault.
    func fit(low: Int64, high: Int64) throws(ShortLedger) {
        let known = max(span.from ?? 0, span.to ?? 0, range?.upperBound ?? 0)
        guard known <= high else {
            throw ShortLedger(partition: partition, end: high, known: known)
        }
        let start = range?.lowerBound ?? max(span.from ?? low, low)
        range = start..<max(range?.upperBound ?? span.to ?? high, start)
        next = max(next, start, low)
    }

    /// Decodes records; there is nothing more before `offset`.
    func chunk(_ records: ArraySlice<Record>, upTo offset: Int64? = nil) -> LedgerChunk {
        var items: [LedgerItem] = []
        items.reserveCapacity(records.count)
        var unreadable: [(Int64, String)] = []
        for record in records {
            let offset = record.offset
            guard range?.contains(offset) == true, offset >= next else { continue }
            do throws(UnreadableRecord) {
                items.append(try decode(record, at: offset))
            } catch {
                unreadable.append((offset, error.what))
            }
        }
        next = min(max(next, offset ?? next), range?.upperBound ?? next)
        var chunk = LedgerChunk(
            partition: partition,
            items: items,
            end: next,
            unreadable: unreadable,
            isLast: isDone,
            owner: owner,
            claim: claim,
            commandsEnd: commandsEnd
        )
        if isDone { finish(&chunk) }
        return chunk
    }

    private func decode(_ record: Record, at offset: Int64) throws(UnreadableRecord) -> LedgerItem {
        let index = try record.ledgerIndex()
        guard let entry = LedgerEntry(index, partition: partition, offset: offset) else {
            // What the index does not tell; claims are few.
            if case .claim(let claim) = try record.ledgerRecord() { self.claim = claim }
            owner = index.owner
            let isForeign = index.group != group
            return .claim(LedgerClaim(owner: index.owner, isForeign: isForeign, offset: offset))
        }
        note(index, record, at: offset)
        return .entry(entry)
    }

    /// Keeps the value of what is open, and lets go of what is closed.
    ///
    /// Late records say nothing, but for success.
    private func note(_ index: LedgerIndex, _ record: Record, at offset: Int64) {
        let isLate = owner.map { $0 != index.owner } ?? false
        switch index.kind {
        case .accepted where isLate: keep(index, record, at: offset, isLate: true)
        case .accepted:
            kept[index.key] = nil
            if index.isUnannounced { keep(index, record, at: offset) }
        case .intent, .inDoubt, .review, .released, .approved:
            if isLate { return }
            drop(index)
            keep(index, record, at: offset)
        case .refused, .notSent, .expired, .processing, .completed, .rejected, .cancelled, .changed,
            .overdue, .disputed, .held:
            // What is held is read back when a person has decided.
            if isLate { return }
            drop(index)
            if index.isUnannounced { keep(index, record, at: offset) }
        case .conflict, .claim: break
        }
    }

    private func keep(
        _ index: LedgerIndex,
        _ record: Record,
        at offset: Int64,
        isLate: Bool = false
    ) {
        let value = record.withValue { $0.map { [UInt8]($0) } ?? [] }
        let kept = Kept(index: index, offset: offset, value: value, isLate: isLate)
        self.kept[index.key, default: []].append(kept)
    }

    /// Lets go of what the same attempt was before; an earlier attempt may still be open.
    private func drop(_ index: LedgerIndex) {
        guard let known = kept[index.key] else { return }
        let rest = known.filter { $0.index.attempt != index.attempt || $0.isLate }
        kept[index.key] = rest.isEmpty ? nil : rest
    }

    /// Parses what is still open.
    private func finish(_ chunk: inout LedgerChunk) {
        for kept in kept.values.joined().sorted(by: { $0.offset < $1.offset }) {
            let id = RecordID(partition: partition, offset: kept.index.offset)
            do throws(UnreadableRecord) {
                let record = try kept.value.withUnsafeBytes { value in
                    Result { () throws(UnreadableRecord) in try LedgerRecord(value: value) }
                }.get()
                if !kept.isLate {
                    chunk.open[id] = record
                } else if case .outcome(let outcome) = record {
                    chunk.accepted[id] = outcome
                }
            } catch {
                chunk.unreadable.append((kept.offset, error.what))
            }
        }
        kept = [:]
    }
}

extension Record {
    fileprivate func ledgerIndex() throws(UnreadableRecord) -> LedgerIndex {
        try withHeader(LedgerIndex.header) { header throws(UnreadableRecord) in
            try withValue { value throws(UnreadableRecord) in
                try LedgerIndex(header: header, value: value)
            }
        }
    }
}
