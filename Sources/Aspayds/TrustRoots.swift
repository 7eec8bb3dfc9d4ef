import Foundation
import NIOSSL

/// The authorities whose certificates count: the system's, or others in their place.
public struct TrustRoots: Sendable {
    /// Those of the system.
    public static let system = TrustRoots(certificates: nil)

    private let certificates: [NIOSSLCertificate]?

    /// Why there are none.
    public struct Invalid: Error, Sendable, CustomStringConvertible {
        /// The variable of the environment that names them.
        public let variable: String
        /// What is wrong with what it names.
        public let reason: String

        /// The variable and the reason.
        public var description: String { "\(variable): \(reason)" }
    }

    /// Those of an environment: the file `SSL_CERT_FILE`, and every file in the folders
    /// `SSL_CERT_DIR` (with colons between them); the system's if neither is set.
    ///
    /// Files hold certificates in PEM form. They are read once, here.
    public init(environment: [String: String]) throws(Invalid) {
        var certificates: [NIOSSLCertificate]?
        if let file = environment[Self.file], !file.isEmpty {
            guard let found = Self.read(file) else {
                throw Invalid(variable: Self.file, reason: "\(file) holds no certificates")
            }
            certificates = found
        }
        if let folders = environment[Self.folder], !folders.isEmpty {
            let found = folders.split(separator: ":").flatMap { Self.all(in: String($0)) }
            guard !found.isEmpty else {
                throw Invalid(variable: Self.folder, reason: "\(folders) holds no certificates")
            }
            certificates = (certificates ?? []) + found
        }
        self.certificates = certificates
    }

    private init(certificates: [NIOSSLCertificate]?) {
        self.certificates = certificates
    }

    private static let file = "SSL_CERT_FILE"
    private static let folder = "SSL_CERT_DIR"

    /// Nil where the file has none.
    private static func read(_ path: String) -> [NIOSSLCertificate]? {
        guard let found = try? NIOSSLCertificate.fromPEMFile(path), !found.isEmpty else {
            return nil
        }
        return found
    }

    private static func all(in folder: String) -> [NIOSSLCertificate] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted().flatMap { read("\(folder)/\($0)") ?? [] }
    }

    /// What TLS needs for it; nil for its defaults.
    var settings: TLSConfiguration? {
        certificates.map { certificates in
            var settings = TLSConfiguration.makeClientConfiguration()
            settings.trustRoots = .certificates(certificates)
            return settings
        }
    }
}
