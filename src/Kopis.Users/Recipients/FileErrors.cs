using Kopis.Posix;

namespace Kopis.Users.Recipients;

/// <summary>Which errors of the file system will be the same tomorrow.</summary>
public static class FileErrors
{
    /// <summary>
    /// Whether trying again may help. qmail lists the temporary errors; we list the lasting ones,
    /// so that an error nobody thought of delays mail and does not bounce it.
    /// </summary>
    public static bool IsTemporary(int errno) =>
        errno is not (Errno.NoEntry or Errno.NotDirectory or Errno.IsDirectory
            or Errno.NameTooLong or Errno.Loop or Errno.NoDeviceOrAddress
            or Errno.Access or Errno.NotPermitted);

    /// <summary>No such file, whatever the way in which it is not there.</summary>
    public static bool IsAbsent(int errno) =>
        !IsTemporary(errno) && errno is not (Errno.Access or Errno.NotPermitted);

    /// <summary>The words for the error.</summary>
    public static string Text(int errno) => ErrorText.Of(errno);
}
