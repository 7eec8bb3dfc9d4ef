import ArgumentParser
import Testing

@testable import aspayds_worker

/// What a command says that fails, as it must.
func failure(
    of command: @autoclosure () throws -> some AsyncParsableCommand
) async throws -> String? {
    var command = try command()
    return await #expect(throws: Failure.self) { try await command.run() }?.message
}
