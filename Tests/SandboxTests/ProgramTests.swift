import Foundation
import Testing

@testable import Sandbox
@testable import aspayds_sandbox

/// The program as a process, without Kafka: what it writes, says, and how it ends.
@Suite(.timeLimit(.minutes(1)))
struct ProgramTests {
    @Test func `writes the environment last, and goes in order`() async throws {
        let path = FileManager.default.temporaryDirectory.path + "/\(UUID().uuidString) env"
        let program = try Program(["--no-kafka", "--api-port", "0", "--env-file", path])
        // The last hint comes after the file.
        let said = await program.said(until: "Ctrl-C")
        #expect(said.contains("curl -s http://127.0.0.1:"))
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let lines = text.split(separator: "\n")
        let address = /export ASPAYDS_BASE_URL=http:\/\/127\.0\.0\.1:[0-9]+\/api/
        #expect(lines.first?.wholeMatch(of: address) != nil)
        #expect(
            lines.dropFirst() == [
                "export ASPAYDS_API_KEY=sandbox-key", "export ASPAYDS_API_SECRET=sandbox-secret",
            ]
        )
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        program.process.terminate()
        #expect(await program.status == 0)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test(arguments: [
        (["--partitions", "0"], Int32(2), "--partitions is 0; allowed: 1 to 1000."),
        (["--duplicates", "maybe"], 2, "create"),
        (
            ["--complete-after-ms", "60001"], 2,
            "--complete-after-ms is 60001; allowed: 0 to 60000."
        ),
        (["--nonsense"], 2, "Unknown option"),
        (["--no-kafka", "--host", "192.0.2.1"], 1, "aspayds-sandbox: "),
        (
            ["--no-kafka", "--api-port", "0", "--env-file", "/nowhere/env"], 1,
            "cannot write /nowhere/env"
        ),
    ])
    func `says what is wrong`(arguments: [String], status: Int32, message: String) async throws {
        let program = try Program(arguments)
        let said = await program.said(until: nil)
        #expect(said.contains(message), "\(said)")
        #expect(await program.status == status)
    }

    @Test func `the manual lists every word and every fault`() {
        let text = Manual.text
        for magic in MagicReference.all { #expect(text.contains("SBX-\(magic.word)-")) }
        for fault in Fault.allCases { #expect(text.contains(fault.summary)) }
        for fault in WebhookFault.allCases { #expect(text.contains(fault.summary)) }
    }

    @Test func `the README lists every magic reference`() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../README.md")
        let readme = try String(contentsOf: file, encoding: .utf8)
        for magic in MagicReference.all {
            #expect(readme.contains("| `SBX-\(magic.word)-` | \(magic.summary) |"))
        }
    }

    @Test func `quotes what a shell would take apart`() {
        let environment = WorkerEnvironment(variables: [("A", "x y"), ("B", "it's"), ("C", "1:2")])
        #expect(environment.text == "export A='x y'\nexport B='it'\\''s'\nexport C=1:2\n")
    }

    @Test func `one partition for orders, as many as asked for the rest`() {
        let topics = Topic.all(prefix: "p.", partitions: 3)
        #expect(
            topics.count == 11 && topics.contains(Topic(name: "p.payout.ledger", partitions: 3))
        )
        #expect(topics.filter { $0.partitions == 1 }.map(\.name) == ["p.worker.control"])
    }
}

/// A running `aspayds-sandbox`, built beside the tests.
private struct Program {
    let process = Process()
    private let errors = Pipe()
    private let exit: AsyncStream<Int32>

    init(_ arguments: [String]) throws {
        let tests = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        process.executableURL = tests.appending(path: "aspayds-sandbox")
        process.arguments = arguments
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        let (exit, ended) = AsyncStream<Int32>.makeStream()
        self.exit = exit
        process.terminationHandler = { process in
            ended.yield(process.terminationStatus)
            ended.finish()
        }
        try process.run()
    }

    var status: Int32? {
        get async {
            for await status in exit { return status }
            return nil
        }
    }

    /// What it says on standard error until that word, or until its end.
    @concurrent
    func said(until word: String?) async -> String {
        var text = ""
        while true {
            let data = errors.fileHandleForReading.availableData
            text += String(decoding: data, as: UTF8.self)
            if data.isEmpty || word.map(text.contains) == true { return text }
        }
    }
}
