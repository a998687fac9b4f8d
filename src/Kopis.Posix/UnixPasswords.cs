using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Kopis.Posix;

/// <summary>The passwords of the host's users: shadow(5) and crypt(3).</summary>
public static unsafe class UnixPasswords
{
    private const int RangeError = 34;
    private const int BufferBytesMax = 1024 * 1024;

    // struct crypt_data: 32,768 bytes in libxcrypt 4, 131,232 in libcrypt of glibc up to 2.37.
    private const int CryptDataBytes = 256 * 1024;

    /// <summary>The hash of a user's password; null if there is none that we may read.</summary>
    /// <exception cref="PosixException">The name service did not answer.</exception>
    public static byte[]? HashOf(string name)
    {
        for (int size = 4096; ; size *= 2)
        {
            byte[] buffer = new byte[size];
            fixed (byte* n = Fd.PathBytes(name), p = buffer)
            {
                Native.Shadow entry;
                Native.Shadow* result;
                int errno = Native.getspnam_r(n, &entry, p, (nuint)size, &result);
                if (errno == 0 && result is not null)
                {
                    byte[] hash = MemoryMarshal
                        .CreateReadOnlySpanFromNullTerminated(entry.Password).ToArray();
                    CryptographicOperations.ZeroMemory(buffer);
                    return hash;
                }

                if (errno is 0 or Errno.NoEntry or Errno.Access or Errno.NotPermitted)
                {
                    return null;
                }

                if (errno != RangeError || size > BufferBytesMax)
                {
                    throw new PosixException("look up password", errno);
                }
            }
        }
    }

    /// <summary>Whether a password matches a hash. No password matches an empty or locked hash.
    /// </summary>
    /// <exception cref="PosixException">The host has no libcrypt.</exception>
    public static bool Verify(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> password)
    {
        if (hash.IsEmpty || hash[0] is (byte)'!' or (byte)'*' || password.Contains((byte)0))
        {
            return false;
        }

        byte[] phrase = [.. password, 0];
        byte[] setting = [.. hash, 0];
        byte[] data = new byte[CryptDataBytes];
        try
        {
            fixed (byte* p = phrase, s = setting, d = data)
            {
                byte* made = Native.crypt_r(p, s, d);
                return made is not null && CryptographicOperations.FixedTimeEquals(
                    MemoryMarshal.CreateReadOnlySpanFromNullTerminated(made), hash);
            }
        }
        catch (DllNotFoundException)
        {
            throw new PosixException("load libcrypt.so.1", Errno.NoEntry);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(phrase);
            CryptographicOperations.ZeroMemory(data);
        }
    }
}
