namespace Kopis.Net.Listener;

/// <summary>The questions about a connection.</summary>
/// <param name="Names">Whether to find the names of both ends.</param>
/// <param name="LocalIsKnown">Whether our own name is not asked for, since -l gives it.</param>
/// <param name="Paranoid">Whether a name of the peer counts only if it resolves to the peer's
/// address.</param>
/// <param name="Info">Whether to ask for the user at the peer's end, by ident.</param>
/// <param name="InfoTimeout">The time limit for ident.</param>
public readonly record struct PeerQuestions(
    bool Names, bool LocalIsKnown, bool Paranoid, bool Info, TimeSpan InfoTimeout);
