import Foundation

/// The environment that a worker needs to meet this sandbox, as shell lines.
struct WorkerEnvironment: Equatable {
    let variables: [(name: String, value: String)]

    var text: String {
        variables.map { "export \($0.name)=\(Self.quoted($0.value))\n" }.joined()
    }

    /// Plain where the shell takes it as it is, otherwise in single quotes.
    private static func quoted(_ value: String) -> String {
        let isPlain = value.wholeMatch(of: /[A-Za-z0-9_.,:\/@%+=\[\]-]+/) != nil
        return isPlain ? value : "'\(value.replacing("'", with: "'\\''"))'"
    }

    /// Writes the lines so that whoever sees the file sees all of it, and nobody else reads it.
    func write(to path: String) throws(WriteError) {
        let draft = "\(path).\(getpid())"
        let file = open(draft, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw WriteError(path: path) }
        do {
            let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
            try handle.write(contentsOf: Data(text.utf8))
            try handle.close()
        } catch {
            unlink(draft)
            throw WriteError(path: path)
        }
        guard rename(draft, path) == 0 else {
            let failure = WriteError(path: path)
            unlink(draft)
            throw failure
        }
    }

    /// A file of an earlier run must not be taken for this one's.
    static func remove(_ path: String) {
        unlink(path)
    }

    /// The file could not be written.
    struct WriteError: Error, CustomStringConvertible {
        let path: String
        let description: String

        init(path: String) {
            self.path = path
            description = "cannot write \(path): \(String(cString: strerror(errno)))"
        }
    }

    static func == (left: WorkerEnvironment, right: WorkerEnvironment) -> Bool {
        left.text == right.text
    }
}
