import Contract

/// The picture of all replicas for a terminal: what needs a person, each domain, each replica.
struct Dashboard {
    /// From this width on the domains stand side by side.
    private static let wide = 72
    private static let labelWidth = 10
    /// A domain's column is never wider.
    private static let widest = 60

    let overview: Overview
    /// No line is wider.
    let width: Int
    /// There are no more lines; nil: as many as it takes.
    let height: Int?

    /// What stands at the end of the first line.
    var hint: StyledLine?
    /// What keeps the picture from being renewed.
    var trouble: String?

    /// The lines, from top to bottom.
    func lines() -> [StyledLine] {
        let head = [head] + (trouble.map { [StyledLine("Kafka: \($0)", .bad)] } ?? [])
        var concerns = concernLines(withHelp: true)
        var replicas = ReplicaTable(overview: overview, width: width).lines
        var domains = domainLines(DomainFields.labels)
        if let height {
            // Each has a part of the screen for certain; what is cut off is counted.
            let room = height - head.count - 2
            let few = min(replicas.count, 3)
            domains = domainLines(atMost: room - few - min(concerns.count, max(3, height / 3)))
            let rest = max(3, room - domains.count - few)
            if concerns.count > rest {
                concerns = Self.cut(concernLines(withHelp: false), to: rest)
            }
            replicas = Self.cut(replicas, to: max(2, room - domains.count - concerns.count))
        }
        let all = head + concerns + [StyledLine()] + domains + [StyledLine()] + replicas
        return all.prefix(height ?? all.count).map { $0.clipped(to: width) }
    }

    private static func cut(_ lines: [StyledLine], to count: Int) -> [StyledLine] {
        guard lines.count > count, count > 0 else { return lines }
        let rest = lines.count - count + 1
        return lines.prefix(count - 1) + [StyledLine("  … \(rest) more lines", .faint)]
    }

    /// Who, how many, when.
    private var head: StyledLine {
        var line = StyledLine("aspayds-worker", .heading)
        let (alive, all) = (overview.alive, overview.replicas.count)
        let style: Style = alive == 0 ? .bad : alive < all ? .attention : .good
        line.add("  \(alive) of \(all) replica\(all == 1 ? "" : "s") alive", style)
        line.add("  \(Moment.text(overview.now))", .faint)
        if let hint, line.columns + 2 + hint.columns <= width {
            line.pad(to: width - hint.columns)
            line.add(hint)
        }
        return line
    }

    // MARK: What needs a person

    private func concernLines(withHelp: Bool) -> [StyledLine] {
        guard !overview.concerns.isEmpty else {
            return [StyledLine("nothing needs a person", .good)]
        }
        return [StyledLine("NEEDS A PERSON", .heading)]
            + overview.concerns.flatMap { withHelp ? lines($0) : [line($0)] }
    }

    private func line(_ concern: Concern) -> StyledLine {
        var line = StyledLine("  ! ", .bad)
        line.add(concern.text(at: overview.now))
        return line
    }

    /// The concern, and beside or below it what helps.
    private func lines(_ concern: Concern) -> [StyledLine] {
        var line = line(concern)
        if line.columns + 2 + concern.help.columns <= width {
            line.add("  " + concern.help, .faint)
            return [line]
        }
        let room = max(width - 4, 1)
        let parts = concern.text(at: overview.now).wrapped(to: room)
        let message = parts.enumerated().map { index, part in
            var line = StyledLine(index == 0 ? "  ! " : "    ", .bad)
            line.add(part)
            return line
        }
        return message + concern.help.wrapped(to: room).map { StyledLine("    " + $0, .faint) }
    }

    // MARK: Domains

    /// With fewer labels where there is not room for all.
    private func domainLines(atMost count: Int) -> [StyledLine] {
        var labels = DomainFields.labels
        var lines = domainLines(labels)
        for label in DomainFields.dispensable where lines.count > count {
            labels.removeAll { $0 == label }
            lines = domainLines(labels)
        }
        return lines
    }

    private func domainLines(_ labels: [String]) -> [StyledLine] {
        let all = overview.domains.map { DomainFields(overview: $0, now: overview.now) }
        guard width < Self.wide else { return grid(all, labels) }
        return Array(all.map { grid([$0], labels) }.joined(separator: [StyledLine()]))
    }

    /// A head, and a row for each label that has a value, in a column for each domain.
    private func grid(_ fields: [DomainFields], _ labels: [String]) -> [StyledLine] {
        guard !fields.isEmpty else { return [] }
        let room = min((width - Self.labelWidth) / fields.count - 2, Self.widest)
        let heads = fields.map {
            [StyledLine($0.overview.domain.plural.uppercased(), .heading)]
        }
        let rows = labels.flatMap { label in
            let cells = fields.map { Self.flow($0.value(label), to: room) }
            return cells.allSatisfy(\.isEmpty) ? [] : row(label, cells, room)
        }
        return row("", heads, room) + rows
    }

    private func row(_ label: String, _ cells: [[StyledLine]], _ room: Int) -> [StyledLine] {
        (0..<(cells.map(\.count).max() ?? 0)).map { index in
            var line = StyledLine(index == 0 ? label : "", .faint)
            for (column, cell) in cells.enumerated() where index < cell.count {
                line.pad(to: Self.labelWidth + column * (room + 2) + 2)
                line.add(cell[index])
            }
            return line
        }
    }

    /// Parts of a value in lines of at most a width.
    private static func flow(_ value: DomainFields.Value, to width: Int) -> [StyledLine] {
        var lines: [StyledLine] = []
        for (text, style) in value {
            if let last = lines.last, last.columns + 2 + text.columns <= width {
                lines[lines.count - 1].add("  ")
                lines[lines.count - 1].add(text, style)
            } else {
                lines += printable(text).wrapped(to: max(width, 1)).map { StyledLine($0, style) }
            }
        }
        return lines
    }
}
