import Foundation

/// A server cannot listen.
public struct ListenError: Error, CustomStringConvertible {
    let server: String
    let host: String
    let port: Int
    let code: Int32
    /// The setting with which another port is chosen.
    let setting: String

    /// Names the address, the reason and what to do.
    public var description: String {
        let why = code == EADDRINUSE ? "the port is in use" : String(cString: strerror(code))
        return "\(server) cannot listen on \(host):\(port): \(why); "
            + "choose another port with \(setting)"
    }
}
