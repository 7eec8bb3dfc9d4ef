import Engine
import Samples

/// The engine takes a command its whole way, alone.
///
/// It is received, its intent appended, committed, transmitted, its outcome appended, its event
/// published; the next one's fence commits its offset.
final class StepBench: Bench {
    private let scene: Scene
    private var orders: [(id: RecordID, order: Order)] = []

    init(_ scale: Scale) throws {
        scene = Scene(scale)
        scene.restore()
        try scene.start()
    }

    func prepare(_ numbers: Range<Int>) {
        orders = numbers.map { number in
            let number = scene.scale.references + number
            let id = scene.place(number)
            let order = Order(
                key: key(of: number),
                fingerprint: Fingerprint(high: UInt64(number), low: 7),
                amount: 500_000,
                notAfter: SamplePayout.start + 86_400_000,
                origin: id
            )
            return (id, order)
        }
    }

    func perform(_ numbers: Range<Int>) throws {
        for number in numbers {
            let (id, order) = orders[number]
            scene.handle(.received(id, .create(order)))
            let finished = try scene.run()
            guard finished == 1 else {
                throw Failure(description: "step: command \(id) was not brought to its end")
            }
        }
    }
}

/// An engine in a world where everything goes well at once.
final class Scene {
    let scale: Scale
    private var engine: CommandEngine
    private var now = Moment(uptime: Instant(nanoseconds: 0), wallClock: SamplePayout.start)
    /// The offset that each ledger gives its next record.
    private var ledgerEnds: [Int64]

    init(_ scale: Scale) {
        self.scale = scale
        let settings = EngineSettings(
            rateLimit: 1_000_000,
            partitionCount: Int(scale.partitions),
            maxInFlight: 256
        )
        engine = CommandEngine(settings: settings, owner: 9, seed: 1, at: now)
        ledgerEnds = Array(repeating: 0, count: Int(scale.partitions))
    }

    /// Where the command of a numbered reference is read.
    func place(_ number: Int) -> RecordID {
        let (offset, partition) = number.quotientAndRemainder(dividingBy: Int(scale.partitions))
        return RecordID(partition: Int32(partition), offset: Int64(offset))
    }

    func nextOffset(in partition: Int32) -> Int64 {
        defer { ledgerEnds[Int(partition)] += 1 }
        return ledgerEnds[Int(partition)]
    }

    func handle(_ input: Input) { engine.handle(input, at: now) }

    // MARK: The beginning

    /// Assigns all partitions and lets the engine hear what is known.
    func restore() {
        for partition in 0..<scale.partitions {
            let start = place(scale.references + Int(scale.partitions - 1 - partition)).offset
            handle(.assigned(partition: partition, start: start))
        }
        for number in 0..<scale.references {
            let id = place(number)
            let entry = settled(number, at: id, nextOffset(in: id.partition))
            handle(.ledger(partition: id.partition, entry))
        }
    }

    /// Lets all partitions be claimed.
    func start() throws {
        for partition in 0..<scale.partitions {
            handle(.restored(partition: partition, end: ledgerEnds[Int(partition)]))
        }
        _ = try run()
    }

    // MARK: The way of a command

    /// Answers the engine until it wants nothing more; how many commands were finished.
    func run() throws -> Int {
        var finished = 0
        while true {
            now.uptime = now.uptime + .microseconds(10)
            let effects = engine.advance(at: now)
            _ = engine.wakeAt
            var isAnswered = true
            for effect in effects {
                if case .forget = effect { finished += 1 }
                guard let answer = try answer(effect) else { continue }
                handle(answer)
                isAnswered = false
            }
            if isAnswered { return finished }
        }
    }

    private func answer(_ effect: Effect) throws -> Input? {
        switch effect {
        case .append(let ticket, _), .claim(let ticket):
            .appended(ticket, offset: nextOffset(in: ticket.record.partition))
        case .commit(let number, let offsets):
            .committed(number, accepted: offsets.mapValues { _ in true })
        case .transmit(let ticket, _, _): .transmitted(ticket, .accepted)
        case .publish(let ticket, _): .published(ticket, acknowledged: true)
        case .forget, .pause, .resume: nil
        default: throw Failure(description: "step: the engine wants \(effect)")
        }
    }
}
