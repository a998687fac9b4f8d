namespace Kopis.Remote;

/// <summary>What a <see cref="LinkUser"/> has done with some recipients.</summary>
/// <param name="Count">How many recipients were handled, from the first on; the others still wait.
/// </param>
/// <param name="Result">The result.</param>
/// <param name="HadSession">Whether there was a server to talk to. If not, the result is about the
/// destination.</param>
internal readonly record struct SendPart(int Count, TransactionResult Result, bool HadSession);
