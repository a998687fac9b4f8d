namespace Kopis.Remote;

/// <summary>Where a host's mail goes: addresses in the order of trying, or why nowhere.</summary>
internal readonly record struct RemoteTarget(
    IReadOnlyList<RemoteHost> Hosts, RemoteReport? Problem)
{
    internal static RemoteTarget None(RemoteReport problem) => new([], problem);
}
