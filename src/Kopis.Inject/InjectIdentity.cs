using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Mail.Addresses;
using Kopis.Posix;

namespace Kopis.Inject;

/// <summary>The author of the message, and the hosts that complete addresses, from control files
/// and the environment of qmail-inject (contract §5.2).</summary>
internal sealed class InjectIdentity
{
    private readonly ByteEnvironment _environment;
    private readonly string _letters;

    /// <exception cref="ConfigurationException">A control file cannot be read.</exception>
    internal InjectIdentity(ProgramContext context)
    {
        _environment = context.Environment;
        _letters = _environment.Text("QMAILINJECT") ?? "";
        ControlDirectory control = ControlDirectory.Of(context);
        Defaults = new AddressDefaults(
            Control(control, "QMAILDEFAULTHOST", HostFiles.DefaultHost),
            Control(control, "QMAILDEFAULTDOMAIN", HostFiles.DefaultDomain),
            Control(control, "QMAILPLUSDOMAIN", HostFiles.PlusDomain));
        IdHost = Control(control, "QMAILIDHOST", HostFiles.IdHost);
    }

    internal AddressDefaults Defaults { get; }

    internal byte[] IdHost { get; }

    /// <summary>The complete address for From.</summary>
    internal byte[] From => Complete(Box(), Host());

    /// <summary>The body of a generated From field.</summary>
    internal byte[] FromField
    {
        get
        {
            byte[] address = AddressQuote.Quote(From);
            byte[]? name = First("QMAILNAME", "MAILNAME", "NAME");
            if (name is null or { Length: 0 })
            {
                return address;
            }

            name = [.. name.Select(b => b is < 32 or 127 ? (byte)' ' : b)];
            return Has('c')
                ? [.. address, .. " ("u8, .. Escape(name, "()\\"u8), (byte)')']
                : [(byte)'"', .. Escape(name, "\"\\"u8), .. "\" <"u8, .. address, (byte)'>'];
        }
    }

    /// <summary>The envelope sender if nothing else names one.</summary>
    /// <param name="now">The time that makes the sender unique, for letter m.</param>
    internal byte[] DefaultSender(DateTimeOffset now)
    {
        byte[] box = _environment["QMAILSUSER"] ?? Box();
        if (Has('m'))
        {
            box = [.. box,
                .. ByteText.ToBytes($"-{now.ToUnixTimeSeconds()}.{Processes.Id}")];
        }

        if (Has('r'))
        {
            box = [.. box, (byte)'-'];
        }

        return [.. Complete(box, _environment["QMAILSHOST"] ?? Host()), .. VerpSuffix];
    }

    /// <summary>The suffix that letter r adds to a sender.</summary>
    internal byte[] VerpSuffix => Has('r') ? "-@[]"u8.ToArray() : [];

    /// <summary>Whether QMAILINJECT has the letter.</summary>
    internal bool Has(char letter) => _letters.Contains(letter);

    private byte[] Box() => First("QMAILUSER", "MAILUSER", "USER", "LOGNAME")
        ?? "anonymous"u8.ToArray();

    private byte[]? Host() => First("QMAILHOST", "MAILHOST");

    private byte[] Complete(byte[] box, byte[]? host)
    {
        byte[] address = host is null ? box : [.. box, (byte)'@', .. host];
        byte[] quoted = host is null
            ? AddressQuote.Quote([.. box, (byte)'@'])
            : AddressQuote.Quote(address);
        return AddressList.Read(quoted, Defaults) is { Addresses: [byte[] only] }
            ? only
            : [.. box, (byte)'@', .. Defaults.Host];
    }

    private byte[]? First(params string[] names) =>
        names.Select(name => _environment[name]).FirstOrDefault(value => value is not null);

    private byte[] Control(ControlDirectory control, string variable, ControlLine file) =>
        _environment[variable] ?? control.ReadLineOrDefault(file)!;

    private static byte[] Escape(byte[] text, ReadOnlySpan<byte> specials)
    {
        List<byte> escaped = [];
        foreach (byte b in text)
        {
            if (specials.Contains(b))
            {
                escaped.Add((byte)'\\');
            }

            escaped.Add(b);
        }

        return [.. escaped];
    }
}
