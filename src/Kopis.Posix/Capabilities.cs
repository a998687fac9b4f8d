namespace Kopis.Posix;

/// <summary>Parts of root's rights (capabilities(7)). All methods are about the calling thread, and
/// so about what it starts or executes.</summary>
internal static unsafe class Capabilities
{
    internal const int Ambient = 47; // PR_CAP_AMBIENT
    internal const int Raise = 2;
    private const nuint ClearAll = 4;
    internal const int ReadSearch = 2; // CAP_DAC_READ_SEARCH
    private const uint Mask = 1 << ReadSearch;
    private const uint Version3 = 0x20080522;

    /// <summary>From now on, what is started has only the capabilities of its user.</summary>
    internal static void KeepFromChildren() =>
        Fd.Check(Native.prctl(Ambient, ClearAll, 0, 0, 0), "prctl");

    /// <summary>Only CAP_DAC_READ_SEARCH, in the form of capset(2).</summary>
    internal static Native.CapabilitySets ReadSearchAlone =>
        new() { Effective = Mask, Permitted = Mask, Inheritable = Mask };

    /// <summary>The header for this version; it names the calling thread.</summary>
    internal static Native.CapabilityHeader Header => new() { Version = Version3 };

    /// <summary>Whether we have CAP_DAC_READ_SEARCH; root in a container may not.</summary>
    internal static void RequireReadSearch()
    {
        Native.CapabilityHeader header = Header;
        Native.CapabilitySets sets;
        Fd.Check(Native.capget(&header, &sets), "capget");
        if ((sets.Permitted & Mask) == 0)
        {
            throw new PosixException("keep CAP_DAC_READ_SEARCH", Errno.NotPermitted);
        }
    }

    /// <summary>Keeps the thread's capabilities when it changes to another user.</summary>
    internal static void KeepPermitted()
    {
        const int keepCapabilities = 8; // PR_SET_KEEPCAPS
        RequireReadSearch();
        Fd.Check(Native.prctl(keepCapabilities, 1, 0, 0, 0), "prctl");
    }

    /// <summary>Leaves the thread only CAP_DAC_READ_SEARCH, which survives the next exec.</summary>
    internal static void HandDownReadSearch()
    {
        Native.CapabilityHeader header = Header;
        Native.CapabilitySets sets = ReadSearchAlone;
        Fd.Check(Native.capset(&header, &sets), "keep CAP_DAC_READ_SEARCH");
        Fd.Check(Native.prctl(Ambient, Raise, ReadSearch, 0, 0), "keep CAP_DAC_READ_SEARCH");
    }
}
