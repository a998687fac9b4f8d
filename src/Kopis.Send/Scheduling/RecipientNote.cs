namespace Kopis.Send.Scheduling;

/// <summary>What the last tries of a recipient came to.</summary>
/// <param name="LastTry">Unix time of the last report; 0: none since the start.</param>
/// <param name="Text">Its text (<see cref="ReasonTexts"/>); 0: not kept.</param>
/// <param name="Tries">Reports since the start of qmail-send.</param>
internal readonly record struct RecipientNote(uint LastTry, uint Text, uint Tries)
{
    /// <summary>A note is kept as so many numbers.</summary>
    internal const int Words = 3;

    internal static RecipientNote Read(ReadOnlySpan<uint> from) => new(from[0], from[1], from[2]);

    internal void Write(Span<uint> to) => (to[0], to[1], to[2]) = (LastTry, Text, Tries);
}
