import ArgumentParser

/// The agreement of a person to what cannot be taken back.
struct Consent: ParsableArguments {
    @Flag(help: "Do not ask; needed where no terminal is there to ask on.") var yes = false

    /// Where nobody can be asked, nothing goes on without the flag.
    func check() throws(ValidationError) {
        guard !yes, !Terminal.asks else { return }
        throw ValidationError("there is no terminal to ask on: say --yes to go on without asking")
    }

    /// Asks, unless that was answered in advance.
    ///
    /// - Throws: A `Failure` that says `otherwise` where the person does not agree.
    func obtain(otherwise: String) throws(Failure) {
        guard !yes, !Terminal.agrees("Go on?") else { return }
        throw Failure(otherwise)
    }
}
