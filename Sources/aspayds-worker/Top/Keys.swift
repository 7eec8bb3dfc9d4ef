// A read source may be resumed from any thread; the overlay does not say so.
@preconcurrency import Dispatch
import Foundation

/// What is typed, byte by byte, until the keyboard is gone.
enum Keys {
    /// Ctrl-C, where the terminal makes no signal of it.
    static let interrupt: UInt8 = 3

    static func typed() -> AsyncStream<UInt8> {
        AsyncStream(bufferingPolicy: .bufferingNewest(64)) { stream in
            let source = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO)
            source.setEventHandler {
                var bytes = [UInt8](repeating: 0, count: 64)
                let count = read(STDIN_FILENO, &bytes, bytes.count)
                guard count > 0 else { return stream.finish() }
                for byte in bytes.prefix(count) { stream.yield(byte) }
            }
            stream.onTermination = { _ in source.cancel() }
            source.resume()
        }
    }
}
