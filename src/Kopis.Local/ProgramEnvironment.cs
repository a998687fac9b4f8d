using Kopis.Base;

namespace Kopis.Local;

/// <summary>The environment of programs that .qmail lines run (contract §7.9).</summary>
internal static class ProgramEnvironment
{
    internal static ByteEnvironment Build(
        ByteEnvironment inherited, LocalArguments arguments, TraceLines trace, byte[] newSender,
        byte[]? defaultPart)
    {
        ByteEnvironment to = new(inherited);
        Set(to, "SENDER", arguments.Sender);
        Set(to, "NEWSENDER", newSender);
        Set(to, "RECIPIENT", trace.Recipient);
        Set(to, "USER", arguments.User);
        Set(to, "HOME", arguments.Home);
        Set(to, "HOST", arguments.Domain);
        Set(to, "LOCAL", arguments.Local);
        Set(to, "EXT", arguments.Ext);
        byte[] rest = arguments.Ext;
        foreach (string name in (string[])["EXT2", "EXT3", "EXT4"])
        {
            int dash = rest.AsSpan().IndexOf((byte)'-');
            rest = dash < 0 ? [] : rest[(dash + 1)..];
            Set(to, name, rest);
        }

        rest = arguments.Domain;
        foreach (string name in (string[])["HOST2", "HOST3", "HOST4"])
        {
            int dot = rest.AsSpan().LastIndexOf((byte)'.');
            rest = dot < 0 ? rest : rest[..dot];
            Set(to, name, rest);
        }

        to["DEFAULT"] = null;
        if (defaultPart is not null)
        {
            Set(to, "DEFAULT", defaultPart);
        }

        Set(to, "DTLINE", trace.DeliveredTo);
        Set(to, "RPLINE", trace.ReturnPath);
        Set(to, "UFLINE", trace.From);
        return to;
    }

    private static void Set(ByteEnvironment to, string name, byte[] value) => to[name] = value;
}
