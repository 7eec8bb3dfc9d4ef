import Aspayds
import Contract

extension AspaydsClient {
    /// A client of the store that the settings name.
    init(_ settings: Settings, transport: any Transport) {
        self.init(
            baseURL: settings.baseURL,
            credentials: Credentials(
                key: settings.apiKey?.value ?? "",
                secret: settings.apiSecret?.value ?? ""
            ),
            transport: transport,
            requestTimeout: settings.requestTimeout
        )
    }
}

extension HTTPTransport {
    /// Connections to the provider, by the way that the settings name.
    convenience init(_ settings: Settings, maxConnections: Int) {
        self.init(
            Configuration(
                maxConnections: maxConnections,
                proxy: settings.network?.proxy,
                trust: settings.network?.trust ?? .system
            )
        )
    }
}

/// Asks the provider for somebody who waits.
struct ProviderDesk {
    let client: AspaydsClient

    /// The state of a payment, by invoice id or reference.
    func payment(_ id: String) async throws(Failure) -> PaymentStatus {
        try await find(id, .payment, one: client.payment, many: client.paymentStatuses)
    }

    /// The state of a payout, by payout id or reference.
    func payout(_ id: String) async throws(Failure) -> PayoutStatus {
        try await find(id, .payout, one: client.payout, many: client.payoutStatuses)
    }

    /// The payout methods of the store.
    func methods() async throws(Failure) -> [PayoutMethod] {
        do {
            return try await client.payoutMethods()
        } catch { throw failure(error, "the payout methods") }
    }

    /// A 404 may mean that the address is wrong; the batch says explicitly what is not there.
    private func find<Status: Hashable & Sendable>(
        _ id: String,
        _ domain: Domain,
        one: (String) async throws(AspaydsError) -> Status,
        many: ([String]) async throws(AspaydsError) -> StatusBatch<Status>
    ) async throws(Failure) -> Status {
        let name = "\(domain.rawValue) \(id)"
        do {
            return try await one(id)
        } catch {
            guard error.code == .notFound else { throw failure(error, name) }
        }
        do throws(AspaydsError) {
            let batch = try await many([id])
            if let status = batch.found.first { return status }
            guard !batch.notFound.isEmpty else {
                throw AspaydsError(code: .malformedAnswer, message: "neither found nor not found")
            }
        } catch { throw failure(error, name) }
        throw Failure("the provider knows no \(name)")
    }

    private func failure(_ error: AspaydsError, _ what: String) -> Failure {
        let reason =
            switch error.code {
            case .unauthorized: "the provider does not accept the API key and secret"
            case .notFound: "this is not the provider's API; look at ASPAYDS_BASE_URL"
            case _ where error.certainty == .notSent: "the provider did not take the question"
            default: "the provider gave no answer that says what is so"
            }
        return Failure("\(what): \(reason): \(printable("\(error)"))")
    }
}
