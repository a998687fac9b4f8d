namespace Kopis.Net.Listener;

/// <summary>What is to be found out about a connection.</summary>
/// <param name="Names">The names of both ends.</param>
/// <param name="LocalIsKnown">Not of ours: -l tells it.</param>
/// <param name="Paranoid">A name of the peer counts only where it has the peer's address.</param>
/// <param name="Info">The user at the peer's end, by ident.</param>
/// <param name="InfoTimeout">For ident.</param>
public readonly record struct PeerQuestions(
    bool Names, bool LocalIsKnown, bool Paranoid, bool Info, TimeSpan InfoTimeout);
