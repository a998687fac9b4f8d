using System.Runtime.InteropServices;
using Kopis.Base;

namespace Kopis.Posix;

/// <summary>The host's users, from its name service.</summary>
public static unsafe class UnixUsers
{
    private const int RangeError = 34;

    /// <summary>A user by name; null if there is none.</summary>
    /// <exception cref="PosixException">The name service did not answer.</exception>
    public static UnixUser? ByName(string name)
    {
        byte[] path = Fd.PathBytes(name);
        return Lookup((entry, buffer, length, result) =>
        {
            fixed (byte* p = path)
            {
                return Native.getpwnam_r(
                    p, (Native.Passwd*)entry, (byte*)buffer, length, (Native.Passwd**)result);
            }
        });
    }

    /// <summary>A user that must exist.</summary>
    /// <exception cref="ConfigurationException">There is no user of that name.</exception>
    public static UnixUser Required(string name) =>
        ByName(name) ?? throw new ConfigurationException($"unable to find user {name}");

    /// <summary>A user by number; null if there is none.</summary>
    public static UnixUser? ByUid(uint uid) =>
        Lookup((entry, buffer, length, result) => Native.getpwuid_r(
            uid, (Native.Passwd*)entry, (byte*)buffer, length, (Native.Passwd**)result));

    /// <summary>All groups of a user, including the primary one.</summary>
    public static uint[] GroupsOf(string name, uint primary)
    {
        int count = 64;
        while (true)
        {
            uint[] groups = new uint[count];
            int room = count;
            fixed (byte* user = Fd.PathBytes(name))
            fixed (uint* to = groups)
            {
                if (Native.getgrouplist(user, primary, to, &count) >= 0)
                {
                    return groups[..count];
                }
            }

            count = Math.Max(count, room * 2);
        }
    }

    private static UnixUser? Lookup(Func<nint, nint, nuint, nint, int> call)
    {
        for (int size = 4096; ; size *= 2)
        {
            byte[] buffer = new byte[size];
            fixed (byte* p = buffer)
            {
                Native.Passwd entry;
                Native.Passwd* result;
                int errno = call((nint)(&entry), (nint)p, (nuint)size, (nint)(&result));
                if (errno == 0)
                {
                    return result is null ? null : ToUser(entry);
                }

                if (errno != RangeError)
                {
                    throw new PosixException("look up user", errno);
                }
            }
        }
    }

    private static UnixUser ToUser(in Native.Passwd entry) => new(
        Marshal.PtrToStringUTF8((nint)entry.Name)!, entry.Uid, entry.Gid,
        Marshal.PtrToStringUTF8((nint)entry.Directory)!,
        Marshal.PtrToStringUTF8((nint)entry.Shell)!);
}
