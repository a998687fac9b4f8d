namespace Kopis.Queue.Spawn;

/// <summary>The destination of a domain's mail.</summary>
/// <param name="Id">The id of the question.</param>
/// <param name="DependsOnSender">Whether mail of another sender may have another destination.
/// </param>
/// <param name="Seconds">For how many seconds the answer is valid.</param>
/// <param name="Destination">The name of the destination: printable ASCII and blanks, 1 to 255
/// bytes.</param>
public sealed record WideAnswer(
    uint Id, bool DependsOnSender, uint Seconds, string Destination);
