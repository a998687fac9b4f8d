namespace Kopis.Tools.Journal;

/// <summary>One record of the journal as text.</summary>
/// <param name="Time">When the journal received it.</param>
/// <param name="Kind">What happened, as in qmail-journal(5).</param>
/// <param name="Verdict">The result of a delivery; else empty.</param>
/// <param name="Text">What happened, without control characters.</param>
/// <param name="Related">Messages that were made by this event.</param>
public sealed record TraceLine(
    DateTimeOffset Time, string Kind, string Verdict, string Text, IReadOnlyList<ulong> Related);
