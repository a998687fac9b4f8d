namespace Kopis.Remote;

/// <summary>What was done of an order to a <see cref="LinkUser"/>.</summary>
/// <param name="Count">The number of recipients, from the first on; the others stay.</param>
/// <param name="Result">What it came to.</param>
/// <param name="HadSession">There was a server to talk to; else the result is about the
/// destination.</param>
internal readonly record struct SendPart(int Count, TransactionResult Result, bool HadSession);
