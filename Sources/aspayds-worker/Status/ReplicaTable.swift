import Contract

/// A row for each replica; as many columns as fit.
struct ReplicaTable {
    private struct Column {
        let head: String
        let cell: (Replica) -> String
    }

    let overview: Overview
    let width: Int

    var lines: [StyledLine] {
        guard !overview.replicas.isEmpty else { return [] }
        let columns = chosen
        var table = Table(columns.map(\.head) + ["STATE"])
        for (replica, life) in overview.replicas {
            table.add(columns.map { $0.cell(replica) } + [Self.state(life)])
        }
        let styles: [Style?] = [.heading] + overview.replicas.map { Self.style($0.life) }
        return zip(table.lines(), styles).map { StyledLine($0, $1) }
    }

    /// Those that fit, the most telling first; the state has the rest of the line.
    private var chosen: [Column] {
        var room = width - 8
        return columns.enumerated().compactMap { index, column in
            let widths = overview.replicas.map { column.cell($0.replica).columns }
            let columnWidth = max(column.head.columns, widths.max() ?? 0) + 2
            guard index < 1 || columnWidth <= room else { return nil }
            room -= columnWidth
            return column
        }
    }

    private var columns: [Column] {
        let now = overview.now
        // Its own name is what a replica is looked for by; the state must still be seen.
        let nameWidth = max(8, width - 16)
        return [
            Column(head: "REPLICA") { printable($0.name).clipped(to: nameWidth) },
            Column(head: "HEARD") { Moment.span(now - $0.heardAt) },
            Column(head: "UP") { Moment.span($0.heardAt - $0.startedAt) },
            Column(head: "PARTS") { Self.sum($0) { $0.partitions.count } },
            Column(head: "ROLES") { printable(Self.roles($0)) },
            Column(head: "VERSION") { printable($0.beat?.process.version ?? "-") },
            Column(head: "LAG") { Self.sum($0) { Int($0.lag ?? 0) } },
            Column(head: "FLIGHT") { Self.sum($0) { $0.inFlight } },
        ]
    }

    private static func roles(_ replica: Replica) -> String {
        let isAll = Set(replica.roles).isSuperset(of: Settings.Role.allCases.map(\.rawValue))
        return isAll ? "all" : replica.roles.joined(separator: " ")
    }

    private static func sum(_ replica: Replica, _ figure: (DomainFigures) -> Int) -> String {
        let figures = Domain.allCases.compactMap(replica.figures)
        return figures.isEmpty ? "-" : Quantity.text(figures.reduce(0) { $0 &+ figure($1) })
    }

    private static func state(_ life: Replica.Life) -> String {
        switch life {
        case .alive: "alive"
        case .silent: "silent"
        case .stopped(let reason): "stopped: \(printable(reason))"
        }
    }

    private static func style(_ life: Replica.Life) -> Style? {
        switch life {
        case .alive: nil
        case .silent: .bad
        case .stopped: life.isAsked ? .faint : .bad
        }
    }
}
