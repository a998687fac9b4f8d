using Kopis.Posix;

namespace Kopis.Users.Recipients;

/// <summary>Tells lasting errors of the file system from temporary ones.</summary>
public static class FileErrors
{
    /// <summary>Whether trying again may help. qmail lists the temporary errors. We list the
    /// lasting ones, so that an error nobody thought of delays mail and does not bounce it.
    /// </summary>
    public static bool IsTemporary(int errno) =>
        errno is not (Errno.NoEntry or Errno.NotDirectory or Errno.IsDirectory
            or Errno.NameTooLong or Errno.Loop or Errno.NoDeviceOrAddress
            or Errno.Access or Errno.NotPermitted);

    /// <summary>Whether the error means that the file does not exist, for whatever reason.
    /// </summary>
    public static bool IsAbsent(int errno) =>
        !IsTemporary(errno) && errno is not (Errno.Access or Errno.NotPermitted);

    /// <summary>The text of the error.</summary>
    public static string Text(int errno) => ErrorText.Of(errno);
}
