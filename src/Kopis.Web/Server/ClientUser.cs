namespace Kopis.Web.Server;

/// <summary>The user of this host whose connection it is.</summary>
internal sealed record ClientUser(uint Uid);
