import Configuration
import Foundation
import Yams

extension SettingSource {
    /// Reads a YAML file: names in small letters without `ASPAYDS_`, Kafka's own under `kafka`.
    static func file(_ path: String, names: SettingNames) -> SettingSource {
        let label = "file \(path)"
        var problems: [SettingProblem] = []
        do {
            let bytes = try readFile(path)
            let keys =
                try Yams.compose(yaml: String(decoding: bytes, as: UTF8.self))
                .map { try leaves(of: $0) } ?? []
            var seen: Set<String> = []
            for key in keys {
                problems += check(key, label: label, names: names)
                if !seen.insert(SettingName.normalized(key, separator: "_")).inserted {
                    problems.append(SettingProblem(message: "\(key) (\(label)): is given twice"))
                }
            }
            // An empty document is no mapping to the library, and no mistake to us.
            let snapshot: any ConfigSnapshot =
                keys.isEmpty
                ? InMemoryProvider(values: [:]).snapshot()
                : try YAMLSnapshot(
                    data: bytes.span.bytes,
                    providerName: label,
                    parsingOptions: .default
                )
            return SettingSource(kind: .file, label: label, snapshot: snapshot, problems: problems)
        } catch {
            problems.append(SettingProblem(message: "--config \(path): \(reason(error))"))
            return SettingSource(
                kind: .file,
                label: label,
                snapshot: InMemoryProvider(values: [:]).snapshot(),
                problems: problems
            )
        }
    }

    private static func check(
        _ key: String,
        label: String,
        names: SettingNames
    ) -> [SettingProblem] {
        if KafkaProperties.isProtected(key) {
            return [.protected(key, label: label)]
        }
        // The file's names are exact: dots between Kafka's words, underscores in ours.
        if let (entry, inFile) = names.find(key) {
            let exact = entry.path.joined(separator: ".") + (inFile ? fileSuffix : "")
            if exact == key { return [] }
        }
        let hint = names.hint(for: key) { $0.path.joined(separator: ".") }
        return [SettingProblem(message: "unknown setting \(key) (\(label))\(hint)")]
    }

    /// The names of all values, as the library joins them.
    private static func leaves(of node: Node, under prefix: [String] = []) throws -> [String] {
        guard let mapping = node.mapping else {
            guard prefix.isEmpty else { return [prefix.joined(separator: ".")] }
            throw FileProblem("is not a mapping of names to values")
        }
        guard prefix.count < 8 else { throw FileProblem("is nested too deeply") }
        return try mapping.flatMap { key, value in
            guard let name = key.string else { throw FileProblem("has a name that is no text") }
            return try leaves(of: value, under: prefix + [name])
        }
    }

    private static func reason(_ error: any Error) -> String {
        (error as? FileProblem)?.description ?? "is not valid YAML: \(error)"
    }
}

/// Why a file cannot be used; completes a sentence that begins with its name.
struct FileProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Reads a file whole, up to a size.
func readFile(_ path: String, atMost limit: Int = 1 << 20) throws(FileProblem) -> [UInt8] {
    guard let handle = FileHandle(forReadingAtPath: path) else {
        throw FileProblem("cannot be opened")
    }
    defer { try? handle.close() }
    let data: Data?
    do {
        data = try handle.read(upToCount: limit + 1)
    } catch {
        throw FileProblem("cannot be read")
    }
    let bytes = [UInt8](data ?? Data())
    guard bytes.count <= limit else { throw FileProblem("is larger than \(limit >> 20) MiB") }
    return bytes
}
