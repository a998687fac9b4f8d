namespace Kopis.Web.Server;

/// <summary>The user of this host that opened the connection.</summary>
internal sealed record ClientUser(uint Uid);
