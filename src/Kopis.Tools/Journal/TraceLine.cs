namespace Kopis.Tools.Journal;

/// <summary>One record in words.</summary>
/// <param name="Time">When the journal had it.</param>
/// <param name="Kind">What happened, as in qmail-journal(5).</param>
/// <param name="Verdict">How a delivery ended; else empty.</param>
/// <param name="Text">What happened, in words without control characters.</param>
/// <param name="Related">Messages that it has made.</param>
public sealed record TraceLine(
    DateTimeOffset Time, string Kind, string Verdict, string Text, IReadOnlyList<ulong> Related);
