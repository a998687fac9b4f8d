using System.Text;

namespace Kopis.Posix;

/// <summary>Who is logged in, and where: utmp(5).</summary>
public static unsafe class Logins
{
    // struct utmpx of glibc: up to the user, the fields have the same places on all architectures.
    private const int UserProcess = 7;
    private const int LineOffset = 8;
    private const int LineBytes = 32;
    private const int UserOffset = 44;
    private const int UserBytes = 32;

    /// <summary>The terminals of a user, as names below /dev.</summary>
    public static IReadOnlyList<string> TerminalsOf(ReadOnlySpan<byte> user)
    {
        List<string> lines = [];
        Native.setutxent();
        byte* entry;
        while ((entry = Native.getutxent()) is not null)
        {
            if (*(short*)entry == UserProcess
                && Field(entry + UserOffset, UserBytes).SequenceEqual(user))
            {
                lines.Add(Encoding.UTF8.GetString(Field(entry + LineOffset, LineBytes)));
            }
        }

        Native.endutxent();
        return lines;
    }

    // A full field has no NUL.
    private static ReadOnlySpan<byte> Field(byte* start, int length)
    {
        ReadOnlySpan<byte> field = new(start, length);
        int end = field.IndexOf((byte)0);
        return end < 0 ? field : field[..end];
    }
}
