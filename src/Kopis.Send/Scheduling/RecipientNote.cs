namespace Kopis.Send.Scheduling;

/// <summary>The result of a recipient's last attempts.</summary>
/// <param name="LastTry">Unix time of the last report; 0: none since the start of qmail-send.
/// </param>
/// <param name="Text">The number of the last report's text (<see cref="ReasonTexts"/>); 0: not
/// kept.</param>
/// <param name="Tries">How many reports there were since the start of qmail-send.</param>
internal readonly record struct RecipientNote(uint LastTry, uint Text, uint Tries)
{
    /// <summary>How many numbers a stored note has.</summary>
    internal const int Words = 3;

    internal static RecipientNote Read(ReadOnlySpan<uint> from) => new(from[0], from[1], from[2]);

    internal void Write(Span<uint> to) => (to[0], to[1], to[2]) = (LastTry, Text, Tries);
}
