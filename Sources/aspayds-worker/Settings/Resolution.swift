import Foundation

/// Every setting with its effective text and where it came from, and all that is wrong.
struct Resolution {
    struct Item {
        let entry: SettingEntry
        let text: String?
        let source: String

        var isDefault: Bool { source == Resolution.byDefault }
    }

    /// What a command needs; settings that it does not use need not be there.
    enum Need {
        case nothing
        case kafka
        /// The provider's credentials alone.
        case provider
        case kafkaAndProvider
        case everything

        /// Whether the provider is asked, whatever else is.
        var isOfProvider: Bool { self == .provider || self == .kafkaAndProvider }
    }

    static let byDefault = "default"

    /// The catalogue's settings in its order, with the Kafka properties that are set before them.
    private(set) var items: [Item] = []
    private(set) var problems: [SettingProblem] = []
    private(set) var warnings: [String] = []
    /// The way to the provider; only where it is called.
    private(set) var network: NetworkSettings?

    /// Reads the settings; where two sources name one, the first of flags, environment, file wins.
    init(_ inputs: SettingInputs, need: Need) {
        let names = SettingNames(KafkaProperties.entries + Catalogue.entries)
        var sources: [SettingSource] = [
            .flags(inputs.flags, names: names), .environment(inputs.environment, names: names),
        ]
        if let file = inputs.file { sources.append(.file(file, names: names)) }
        problems = sources.flatMap(\.problems)
        warnings = sources.flatMap(\.warnings)
        for entry in KafkaProperties.entries {
            if let item = resolve(entry, sources: sources) { items.append(item) }
        }
        for entry in Catalogue.entries {
            let item = resolve(entry, sources: sources)
            items.append(item ?? byDefault(entry, inputs: inputs))
        }
        require(need)
        judge()
        judgeKafka(inputs)
        if need == .everything || need.isOfProvider { findTheWay(inputs.environment) }
    }

    private mutating func findTheWay(_ environment: [String: String]) {
        // Where the address is wrong, that is told already.
        guard let address = text(Catalogue.baseURL.entry).flatMap(Catalogue.baseURL.kind.parse)
        else { return }
        do throws(SettingsError) {
            network = try NetworkSettings(address: address, environment)
        } catch { problems += error.problems }
    }

    /// The effective text of a setting.
    func text(_ entry: SettingEntry) -> String? { item(entry)?.text }

    private func item(_ entry: SettingEntry) -> Item? {
        items.first { $0.entry.variable == entry.variable }
    }

    private mutating func resolve(_ entry: SettingEntry, sources: [SettingSource]) -> Item? {
        for source in sources {
            do {
                let direct = try source.text(of: entry)
                let path = entry.isSecret ? try source.text(of: entry, inFile: true) : nil
                if direct != nil, path != nil {
                    add("\(entry.variable) (\(source.label)): is set itself and as _FILE; keep one")
                    return Item(entry: entry, text: direct, source: source.label)
                }
                if let direct { return accept(direct, for: entry, from: source) }
                if let path {
                    let label = "file \(path), named by \(source.label)"
                    return Item(
                        entry: entry,
                        text: secret(in: path, entry: entry),
                        source: label
                    )
                }
            } catch {
                add("\(entry.variable) (\(source.label)): must be \(entry.allowed)")
                return Item(entry: entry, text: nil, source: source.label)
            }
        }
        return nil
    }

    private mutating func accept(
        _ text: String,
        for entry: SettingEntry,
        from source: SettingSource
    ) -> Item {
        let label = source.kind == .flags ? "flag \(entry.flag)" : source.label
        if !entry.isAllowed(text) {
            let shown = entry.isSecret ? Secret.mask : quoted(text)
            add("\(entry.variable) (\(label)): is \(shown), must be \(entry.allowed)")
        }
        return Item(entry: entry, text: text, source: label)
    }

    private mutating func secret(in path: String, entry: SettingEntry) -> String? {
        do {
            guard var text = String(validating: try readFile(path), as: UTF8.self) else {
                throw FileProblem("is not UTF-8")
            }
            while text.last?.isNewline == true { text.removeLast() }
            guard !text.isEmpty else { throw FileProblem("is empty") }
            guard entry.isAllowed(text) else { throw FileProblem("must hold \(entry.allowed)") }
            return text
        } catch {
            add("\(entry.variable)_FILE: \(path) \(error)")
            return nil
        }
    }

    private func byDefault(_ entry: SettingEntry, inputs: SettingInputs) -> Item {
        var text = entry.defaultText
        if entry.variable == Catalogue.logFormat.entry.variable {
            text = (inputs.isTerminal ? Settings.LogFormat.text : .json).rawValue
        }
        return Item(entry: entry, text: text, source: Self.byDefault)
    }

    private mutating func require(_ need: Need) {
        var required: [SettingEntry] = []
        if need != .nothing && need != .provider {
            required.append(KafkaProperties.bootstrapServers)
        }
        // A receiver alone never calls the provider.
        let callsProvider = roles.isEmpty || !roles.isDisjoint(with: [.payments, .payouts])
        if need.isOfProvider || (need == .everything && callsProvider) {
            required += [Catalogue.apiKey.entry, Catalogue.apiSecret.entry]
        }
        if need == .everything {
            if text(Catalogue.publicURL.entry) != nil {
                required.append(Catalogue.callbackKeys.entry)
            }
        }
        for entry in required where item(entry)?.text == nil {
            // What is set but unusable has its message already.
            guard item(entry)?.isDefault ?? true else { continue }
            let file = entry.isSecret ? " (or \(entry.variable)_FILE)" : " (or \(entry.flag))"
            add("\(entry.variable)\(file): is required; \(entry.summary)")
        }
    }

    /// What concerns more than one setting.
    private mutating func judge() {
        for setting in [Catalogue.baseURL, Catalogue.publicURL] { judgeScheme(setting) }
        judgeReceiver()
        judgeShare(roles)
    }

    private mutating func judgeScheme(_ setting: Setting<String>) {
        let insecure = text(Catalogue.allowInsecure.entry).flatMap(
            Catalogue.allowInsecure.kind.parse
        )
        guard let address = text(setting.entry).flatMap(setting.kind.parse), insecure != true,
            !isSafe(address)
        else { return }
        add(
            "\(setting.entry.variable): is \(quoted(address)), must be https "
                + "(plain http only for loopback, or with ASPAYDS_ALLOW_INSECURE=true)"
        )
    }

    private mutating func judgeReceiver() {
        guard roles.contains(.webhooks) else { return }
        guard text(Catalogue.publicURL.entry) != nil else {
            if item(Catalogue.roles.entry)?.isDefault == false {
                warnings.append(
                    "\(Catalogue.roles.entry.variable): has webhooks, but "
                        + "\(Catalogue.publicURL.entry.variable) is not set: no receiver is served"
                )
            }
            return
        }
        let ports = [Catalogue.httpPort, Catalogue.healthPort].map {
            text($0.entry).flatMap($0.kind.parse)
        }
        if let port = ports[0], port != 0, port == ports[1] {
            add(
                "\(Catalogue.httpPort.entry.variable): is \(port), "
                    + "must differ from \(Catalogue.healthPort.entry.variable)"
            )
        }
    }

    private var roles: Set<Settings.Role> {
        text(Catalogue.roles.entry).flatMap(Catalogue.roles.kind.parse) ?? []
    }

    /// A worker without any part of the rate would wait for ever.
    private mutating func judgeShare(_ roles: Set<Settings.Role>) {
        let entry = Catalogue.rateSharePayouts.entry
        guard let share = text(entry).flatMap(Catalogue.rateSharePayouts.kind.parse) else { return }
        if share <= 0 && roles.contains(.payouts) {
            add("\(entry.variable): is 0, must be above 0 while ASPAYDS_ROLES has payouts")
        }
        if share >= 1 && roles.contains(.payments) {
            add("\(entry.variable): is 1, must be below 1 while ASPAYDS_ROLES has payments")
        }
    }

    /// What librdkafka itself says; it names the first mistake that it finds.
    ///
    /// Of a file that it cannot read it says too little.
    private mutating func judgeKafka(_ inputs: SettingInputs) {
        guard let judge = inputs.kafkaJudge else { return }
        let before = problems.count
        for item in items {
            guard item.entry.path.count == 2, KafkaProperties.isFile(item.entry.path[1]),
                let path = item.text, path != "probe",
                !FileManager.default.isReadableFile(atPath: path)
            else { continue }
            add("\(item.entry.variable) (\(item.source)): \(printable(path)) cannot be read")
        }
        guard problems.count == before, let reason = judge(kafkaProperties) else { return }
        let named = items.filter { item in
            item.text != nil && item.entry.path.count == 2 && reason.contains(item.entry.path[1])
        }.max { $0.entry.path[1].count < $1.entry.path[1].count }
        add("\(named?.entry.variable ?? "KAFKA_…"): \(reason)")
    }

    /// The properties that are set, by librdkafka's own names.
    var kafkaProperties: [String: String] {
        let pairs = items.compactMap { item in
            item.entry.path.count == 2 ? item.text.map { (item.entry.path[1], $0) } : nil
        }
        return Dictionary(pairs) { first, _ in first }
    }

    private func isSafe(_ address: String) -> Bool {
        guard let parts = URLComponents(string: address) else { return false }
        if parts.scheme?.lowercased() == "https" { return true }
        let host = (parts.host ?? "").lowercased()
        let octets = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return ["localhost", "[::1]", "::1"].contains(host)
            || (octets.count == 4 && octets[0] == 127 && octets.allSatisfy { $0 != nil })
    }

    private mutating func add(_ message: String) {
        problems.append(SettingProblem(message: message))
    }

    private func quoted(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(200).map {
            $0.properties.generalCategory == .control ? "?" : String($0)
        }
        return "\"\(shown.joined())\""
    }
}

/// Where settings are read from; all of it is given, so that tests need no process of their own.
struct SettingInputs {
    var flags: [String] = []
    var environment: [String: String] = [:]
    var file: String?
    var isTerminal = false

    /// Says what is wrong with the properties of Kafka taken together.
    var kafkaJudge: (([String: String]) -> String?)?
}
