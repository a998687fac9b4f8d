using Kopis.Base;

namespace Kopis.Local.Delivery;

/// <summary>The environment of programs in a .qmail file (contract §7.9).</summary>
/// <remarks>The sender chooses the values; they are passed as bytes and never quoted.</remarks>
internal static class DeliveryEnvironment
{
    /// <summary>Adds the variables to the environment of qmail-local itself.</summary>
    internal static ByteEnvironment Build(
        ByteEnvironment inherited, DeliveryRequest request, TraceLines lines,
        byte[] newSender, byte[]? defaultPart)
    {
        ByteEnvironment to = new(inherited)
        {
            ["SENDER"] = request.Sender,
            ["NEWSENDER"] = newSender,
            ["RECIPIENT"] = request.Recipient,
            ["USER"] = request.User,
            ["HOME"] = request.Home,
            ["HOST"] = request.Host,
            ["LOCAL"] = request.Local,
            ["DTLINE"] = lines.DeliveredTo,
            ["RPLINE"] = lines.ReturnPath,
            ["UFLINE"] = lines.MboxFrom,
        };
        byte[] ext = request.Ext;
        byte[] host = request.Host;
        to["EXT"] = ext;
        foreach (string number in (ReadOnlySpan<string>)["2", "3", "4"])
        {
            to["EXT" + number] = ext = AfterHyphen(ext);
            to["HOST" + number] = host = BeforeLastDot(host);
        }

        if (defaultPart is not null)
        {
            to["DEFAULT"] = defaultPart;
        }

        return to;
    }

    private static byte[] AfterHyphen(byte[] ext)
    {
        int hyphen = Array.IndexOf(ext, (byte)'-');
        return hyphen < 0 ? [] : ext[(hyphen + 1)..];
    }

    private static byte[] BeforeLastDot(byte[] host)
    {
        int dot = Array.LastIndexOf(host, (byte)'.');
        return dot < 0 ? host : host[..dot];
    }
}
