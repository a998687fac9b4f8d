using Kopis.Base;
using Kopis.Config.Catalog;

namespace Kopis.Config.Maps;

/// <summary>
/// Which channel a recipient goes to, and its address there: envnoathost, percenthack, locals,
/// virtualdomains (contract §2.3). An address of SRS goes to the remote channel, where it becomes
/// the sender that it was made of.
/// </summary>
public sealed class AddressMap
{
    /// <summary>What may be added to an address: spawners accept no longer fields than
    /// DeliveryCommand.FieldBytesMax.</summary>
    private const int AddedBytesMax = 1000;

    /// <summary>The files that <see cref="Read"/> reads.</summary>
    public static IReadOnlyList<ControlFile> Files { get; } =
    [
        HostFiles.Me, HostFiles.Locals, HostFiles.VirtualDomains, HostFiles.EnvNoAtHost,
        HostFiles.PercentHack, SrsFiles.Domain,
    ];

    private Maps _maps;

    private AddressMap(Maps maps) => _maps = maps;

    /// <summary>Reads all files.</summary>
    /// <exception cref="ConfigurationException">One cannot be read, or neither locals nor me is
    /// there.</exception>
    public static AddressMap Read(ControlDirectory control) => new(ReadMaps(control, out _));

    /// <summary>Reads all files again.</summary>
    /// <returns>Null; or the file that cannot be read, and then all stay as they were.</returns>
    public string? TryReread(ControlDirectory control)
    {
        ControlFile file = HostFiles.Me;
        try
        {
            _maps = ReadMaps(control, out file);
            return null;
        }
        catch (ConfigurationException)
        {
            return file.Name;
        }
    }

    /// <summary>The recipient as its channel knows it.</summary>
    /// <param name="recipient">As in the envelope.</param>
    /// <param name="isLocal">Whether it goes to qmail-lspawn.</param>
    public byte[] Route(ReadOnlySpan<byte> recipient, out bool isLocal)
    {
        byte[] address = new Address(recipient).HasAt
            ? recipient.ToArray()
            : [.. recipient, (byte)'@', .. _maps.NoAtHost];
        address = UndoPercents(address);
        Address parts = new(address);
        if (IsSrs(parts))
        {
            isLocal = false;
            return address;
        }

        if (_maps.Locals.Contains(parts.Domain))
        {
            isLocal = true;
            return address;
        }

        byte[]? prepend = FindPrepend(address, parts.Domain);
        isLocal = prepend is { Length: > 0 };
        return isLocal ? [.. prepend!, (byte)'-', .. address] : address;
    }

    /// <summary>Whether an address that has been routed has the form of one that this host makes
    /// by SRS.</summary>
    public bool IsSrs(ReadOnlySpan<byte> address) => IsSrs(new Address(address));

    /// <summary>
    /// The address as its sender wrote it, for bounces: without what virtualdomains put before it.
    /// Whole-address keys are not considered, as in qmail (contract §2.3).
    /// </summary>
    public ReadOnlySpan<byte> WithoutPrepend(ReadOnlySpan<byte> address)
    {
        Address parts = new(address);
        if (!parts.HasAt || _maps.Locals.Contains(parts.Domain))
        {
            return address;
        }

        byte[]? prepend = FindDomainPrepend(parts.Domain);
        return prepend is { Length: > 0 } && address.Length > prepend.Length
            && Ascii8.StartsWithIgnoreCase(address, prepend)
            && address[prepend.Length] == (byte)'-'
                ? address[(prepend.Length + 1)..]
                : address;
    }

    /// <summary>
    /// What an address of the local channel may have been before it was routed there: what
    /// <see cref="Route"/> makes this address of. The address itself where nothing does.
    /// </summary>
    public byte[] BeforeRouting(ReadOnlySpan<byte> address)
    {
        Address parts = new(address);
        for (int start = 0; parts.HasAt && start <= parts.Local.Length; start++)
        {
            // The prepend ends at a hyphen; the control files show at which one.
            if ((start == 0 || address[start - 1] == (byte)'-')
                && Route(address[start..], out bool isLocal).AsSpan().SequenceEqual(address)
                && isLocal)
            {
                return address[start..].ToArray();
            }
        }

        return address.ToArray();
    }

    /// <param name="control">Where the files are.</param>
    /// <param name="file">The one that is being read.</param>
    private static Maps ReadMaps(ControlDirectory control, out ControlFile file)
    {
        file = HostFiles.Me;
        byte[]? me = control.ReadLine(HostFiles.Me);
        file = HostFiles.Locals;
        ConstMap locals = ConstMap.Set(control.ReadList(HostFiles.Locals)
            ?? [me ?? throw control.Bad(HostFiles.Locals, "missing, and so is me")]);
        file = HostFiles.VirtualDomains;
        ConstMap virtualDomains = ReadVirtual(control);
        file = HostFiles.EnvNoAtHost;
        byte[] noAtHost = control.ReadLineOrDefault(HostFiles.EnvNoAtHost)!;
        if (noAtHost.Length > AddedBytesMax)
        {
            throw control.Bad(HostFiles.EnvNoAtHost, $"over {AddedBytesMax} bytes");
        }

        file = HostFiles.PercentHack;
        ConstMap percentHack = ConstMap.Set(control.ReadList(HostFiles.PercentHack) ?? []);
        file = SrsFiles.Domain;
        byte[]? srsDomain = SrsSettings.ReadDomain(control);
        return new Maps(noAtHost, percentHack, locals, virtualDomains, srsDomain);
    }

    private static ConstMap ReadVirtual(ControlDirectory control)
    {
        List<byte[]> lines = [];
        bool Read(byte[] line)
        {
            lines.Add(line);
            return line.Length <= AddedBytesMax;
        }

        IReadOnlyList<string> faults = control.ReadLines(
            HostFiles.VirtualDomains, Read, $"a line of {AddedBytesMax} bytes at most") ?? [];
        return faults.Count == 0 ? ConstMap.KeyValue(lines)
            : throw control.Bad(HostFiles.VirtualDomains, faults);
    }

    private bool IsSrs(Address address) =>
        _maps.SrsDomain is { } domain && SrsTag.IsSrs(address)
        && Ascii8.EqualsIgnoreCase(address.Domain, domain);

    private byte[] UndoPercents(byte[] address)
    {
        while (true)
        {
            Address parts = new(address);
            int percent = parts.Local.LastIndexOf((byte)'%');
            if (percent < 0 || IsSrs(parts) || !_maps.PercentHack.Contains(parts.Domain))
            {
                return address;
            }

            address = parts.Local.ToArray();
            address[percent] = (byte)'@';
        }
    }

    private byte[]? FindPrepend(ReadOnlySpan<byte> address, ReadOnlySpan<byte> domain) =>
        _maps.Virtual.TryGet(address, out byte[]? value) ? value : FindDomainPrepend(domain);

    /// <summary>The domain, each suffix that starts at a dot, then the empty key.</summary>
    private byte[]? FindDomainPrepend(ReadOnlySpan<byte> domain)
    {
        if (_maps.Virtual.TryGet(domain, out byte[]? value))
        {
            return value;
        }

        for (int i = 0; i < domain.Length; i++)
        {
            if (domain[i] == (byte)'.' && _maps.Virtual.TryGet(domain[i..], out value))
            {
                return value;
            }
        }

        return _maps.Virtual.TryGet([], out value) ? value : null;
    }

    private sealed record Maps(
        byte[] NoAtHost, ConstMap PercentHack, ConstMap Locals, ConstMap Virtual,
        byte[]? SrsDomain);
}
