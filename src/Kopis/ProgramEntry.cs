using Kopis.Base;

namespace Kopis;

/// <summary>One program.</summary>
/// <param name="Name">The name it is called by.</param>
/// <param name="Run">Its main; the result is the exit code.</param>
/// <param name="RunsAs">The user it runs as on an installed host, for people.</param>
/// <param name="Summary">One line for <c>kopis --help</c>; the page is docs/man/NAME.8 or .1.
/// </param>
internal sealed record ProgramEntry(
    string Name, Func<ProgramContext, int> Run, string RunsAs, string Summary);
