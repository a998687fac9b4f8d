namespace Kopis.Queue.Spawn;

/// <summary>Which destination a domain's mail has.</summary>
/// <param name="Id">The id of the question.</param>
/// <param name="DependsOnSender">Whether mail of another sender may have another destination.
/// </param>
/// <param name="Seconds">How long this holds.</param>
/// <param name="Destination">Its name: printable ASCII and blanks, 1 to 255 bytes.</param>
public sealed record WideAnswer(
    uint Id, bool DependsOnSender, uint Seconds, string Destination);
