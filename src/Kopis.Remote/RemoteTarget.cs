namespace Kopis.Remote;

/// <summary>The addresses for a host's mail in the order of trying, or why there are none.
/// </summary>
internal readonly record struct RemoteTarget(
    IReadOnlyList<RemoteHost> Hosts, RemoteReport? Problem)
{
    internal static RemoteTarget None(RemoteReport problem) => new([], problem);
}
