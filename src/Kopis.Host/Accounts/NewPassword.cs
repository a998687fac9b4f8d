using System.Security.Cryptography;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Accounts;

/// <summary>Gets a new password from a terminal or a file, or makes a random one.</summary>
internal static class NewPassword
{
    private const int BytesMin = 8; // NIST SP 800-63B §5.1.1.2.

    // qmail-popup reads a line of 1,024 bytes, and checkpassword 512 bytes with name and time
    // stamp. A longer password could be set but not used.
    private const int BytesMax = 128;

    // 80 random bits, in letters and digits that cannot be confused with each other.
    private const int GeneratedLength = 16;
    private const string GeneratedAlphabet = "abcdefghijkmnpqrstuvwxyz23456789";

    /// <summary>Gets a password.</summary>
    /// <param name="options">Where to get it.</param>
    /// <param name="generated">The password as text if it was generated, to be shown.</param>
    /// <exception cref="ConfigurationException">The password is not acceptable.</exception>
    /// <exception cref="IOException">The file or the terminal does not exist.</exception>
    internal static byte[] Get(UserOptions options, out string? generated)
    {
        generated = options.Generate
            ? RandomNumberGenerator.GetString(GeneratedAlphabet, GeneratedLength)
            : null;
        byte[] password = generated is not null ? ByteText.ToBytes(generated)
            : options.PasswordFile is { } file ? FromFile(file)
            : Terminal.AskTwice("Password: ", "Once more: ")
                ?? throw Refused("the two passwords differ");
        return Checked(password);
    }

    /// <summary>Checks that a password is acceptable.</summary>
    /// <exception cref="ConfigurationException">It is not acceptable.</exception>
    internal static byte[] Checked(byte[] password) =>
        password.Length < BytesMin ? throw Refused($"it has fewer than {BytesMin} bytes")
            : password.Length > BytesMax ? throw Refused($"it has more than {BytesMax} bytes")
            : password.AsSpan().ContainsAny("\0\r\n"u8)
                ? throw Refused("NUL and line ends cannot be sent by POP3")
            : password;

    // Reads the first line; "-" is standard input.
    private static byte[] FromFile(string file)
    {
        int fd = file == "-" ? 0 : Fd.Open(file, OpenFlags.ReadOnly);
        try
        {
            byte[] buffer = new byte[BytesMax + 2];
            int length = 0;
            int got;
            while (length < buffer.Length && !buffer.AsSpan(0, length).Contains((byte)'\n')
                && (got = Fd.Read(fd, buffer.AsSpan(length))) > 0)
            {
                length += got;
            }

            ReadOnlySpan<byte> text = buffer.AsSpan(0, length);
            int end = text.IndexOf((byte)'\n');
            return (end < 0 ? text : text[..end]).TrimEnd((byte)'\r').ToArray();
        }
        finally
        {
            if (fd != 0)
            {
                Fd.Close(fd);
            }
        }
    }

    private static ConfigurationException Refused(string why) =>
        new($"unsuitable password: {why}", ExitCode.Permanent);
}
