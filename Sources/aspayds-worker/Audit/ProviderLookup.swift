import Aspayds
import Contract

/// Asks the provider about every reference of the books, no faster than it is told.
struct ProviderLookup {
    let client: AspaydsClient
    /// The time between two requests.
    let interval: Duration

    private static let mostTries = 5

    /// Compares the books with what the provider tells; answers how many references it was asked
    /// about.
    func compare(_ books: inout AuditBooks) async throws(Failure) -> Int {
        var asked = 0
        for domain in Domain.allCases {
            let subjects = books.subjects(domain)
            var progress = Progress("asking about \(domain.plural)", of: Int64(subjects.count))
            defer { progress.end() }
            var rest = subjects[...]
            while !rest.isEmpty {
                let batch = Array(rest.prefix(AspaydsClient.largestBatch))
                rest = rest.dropFirst(batch.count)
                let (found, absent) = try await ask(
                    batch.map { books.accounts[$0].reference },
                    domain
                )
                books.compare(batch, found: found, absent: absent)
                asked += batch.count
                progress.advance(Int64(batch.count))
            }
        }
        return asked
    }

    private func ask(
        _ references: [String],
        _ domain: Domain
    ) async throws(Failure) -> (found: [ProviderWord], absent: [String]) {
        var pause = interval
        for attempt in 1... {
            do { try await Task.sleep(for: pause) } catch { throw Failure("interrupted") }
            do throws(AspaydsError) {
                switch domain {
                case .payment:
                    let batch = try await client.paymentStatuses(references)
                    return (batch.found.map(ProviderWord.init), batch.notFound)
                case .payout:
                    let batch = try await client.payoutStatuses(references)
                    return (batch.found.map(ProviderWord.init), batch.notFound)
                }
            } catch {
                let isFinal = error.code == .unauthorized || error.code == .forbidden
                guard attempt < Self.mostTries, !isFinal else {
                    throw Failure("the provider could not be asked: \(printable("\(error)"))")
                }
                Terminal.complain("warning: asking again: \(printable("\(error)"))")
                pause = max(error.retryAfter ?? interval, interval * (1 << attempt))
            }
        }
        throw Failure("the provider could not be asked")
    }
}
