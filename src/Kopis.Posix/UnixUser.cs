namespace Kopis.Posix;

/// <summary>One line of passwd(5).</summary>
public sealed record UnixUser(string Name, uint Uid, uint Gid, string Home, string Shell);
