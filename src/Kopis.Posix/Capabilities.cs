using System.Runtime.InteropServices;

namespace Kopis.Posix;

/// <summary>Root's right in parts (capabilities(7)). All here is about the calling thread, and
/// through that about what it starts or changes into.</summary>
internal static unsafe class Capabilities
{
    private const int Ambient = 47; // PR_CAP_AMBIENT
    private const nuint Raise = 2;
    private const nuint ClearAll = 4;
    private const int ReadSearch = 2; // CAP_DAC_READ_SEARCH
    private const uint Version3 = 0x20080522;

    /// <summary>What is started from here on has none of them but its user's.</summary>
    internal static void KeepFromChildren() =>
        Fd.Check(Native.prctl(Ambient, ClearAll, 0, 0, 0), "prctl");

    /// <summary>Lets CAP_DAC_READ_SEARCH outlast the change to another user and the exec after it;
    /// all others end with those.</summary>
    /// <exception cref="PosixException">We have not got it: a container's root may not.</exception>
    internal static void KeepReadSearch()
    {
        Native.CapabilityHeader header = new() { Version = Version3 };
        Native.CapabilitySets sets;
        Fd.Check(Native.capget(&header, &sets), "capget");
        sets.Inheritable = 1 << ReadSearch;
        sets.InheritableHigh = 0;
        Fd.Check(Native.capset(&header, &sets), "keep CAP_DAC_READ_SEARCH");
        Fd.Check(
            Native.prctl(Ambient, Raise, ReadSearch, 0, 0), "keep CAP_DAC_READ_SEARCH");
    }
}
