namespace Kopis.Local;

/// <summary>Who controls an address (contract §7.2): the six fields of users/cdb.</summary>
/// <param name="User">Name, for the USER variable.</param>
/// <param name="Uid">Never 0 on an installed host.</param>
/// <param name="Gid">Primary group.</param>
/// <param name="Home">Where the .qmail files are; absolute.</param>
/// <param name="Dash">Empty for the bare user, else what stands between user and extension.</param>
/// <param name="Ext">The extension, in its original case.</param>
internal sealed record UserEntry(
    byte[] User, uint Uid, uint Gid, byte[] Home, byte[] Dash, byte[] Ext);
